import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.javarosa.core.model.CoreModelModule;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.SelectChoice;
import org.javarosa.core.model.data.IAnswerData;
import org.javarosa.core.model.instance.InstanceInitializationFactory;
import org.javarosa.core.model.instance.TreeElement;
import org.javarosa.core.model.instance.TreeReference;
import org.javarosa.core.services.PrototypeManager;
import org.javarosa.core.model.actions.setgeopoint.StubSetGeopointActionHandler;
import org.javarosa.core.util.JavaRosaCoreModule;
import org.javarosa.form.api.FormEntryController;
import org.javarosa.form.api.FormEntryModel;
import org.javarosa.form.api.FormEntryPrompt;
import org.javarosa.model.xform.XFormsModule;
import org.javarosa.xform.parse.XFormParser;
import org.javarosa.xform.util.XFormUtils;

/**
 * What JavaRosa, the engine of ODK Collect, makes of filled forms.
 *
 * <p>Reads lines {"form": XML, "instance": XML}, writes for each a line of what every element is:
 * its path, value, whether it is relevant, required, within its constraint, and which choices are
 * offered; or {"error": …}.
 */
public final class Judge {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        PrototypeManager.registerPrototypes(JavaRosaCoreModule.classNames);
        PrototypeManager.registerPrototypes(CoreModelModule.classNames);
        new XFormsModule().registerModule();
        XFormParser.registerActionHandler(
                StubSetGeopointActionHandler.ELEMENT_NAME, new StubSetGeopointActionHandler());
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonNode asked = JSON.readTree(line);
            ObjectNode answer;
            try {
                answer = judged(asked.get("form").asText(), asked.get("instance").asText());
            } catch (Exception error) {
                answer = JSON.createObjectNode().put("error", error.toString());
            }
            out.println(JSON.writeValueAsString(answer));
        }
    }

    /** As Collect opens a saved form: the instance's values go into the form's own tree. */
    private static ObjectNode judged(String form, String instance) throws Exception {
        FormDef definition =
                XFormUtils.getFormFromInputStream(
                        new ByteArrayInputStream(form.getBytes(StandardCharsets.UTF_8)));
        TreeElement saved =
                XFormParser.restoreDataModel(instance.getBytes(StandardCharsets.UTF_8), null)
                        .getRoot();
        TreeElement root = definition.getMainInstance().getRoot().deepCopy(true);
        TreeReference at = TreeReference.rootRef();
        at.add(root.getName(), TreeReference.INDEX_UNBOUND);
        root.populate(saved, definition);
        definition.getMainInstance().setRoot(root);
        definition.initialize(false, new InstanceInitializationFactory());
        ObjectNode answer = JSON.createObjectNode();
        ArrayNode elements = answer.putArray("elements");
        describe(definition, definition.getMainInstance().getRoot(), true, elements);
        offered(definition, answer.putObject("offered"));
        return answer;
    }

    private static void describe(
            FormDef form, TreeElement element, boolean relevant, ArrayNode elements) {
        boolean here = relevant && element.isRelevant();
        if (element.isRepeatable() && element.getMult() == TreeReference.INDEX_TEMPLATE) {
            return;
        }
        if (element.getNumChildren() > 0) {
            for (int child = 0; child < element.getNumChildren(); child++) {
                describe(form, element.getChildAt(child), here, elements);
            }
            return;
        }
        IAnswerData value = element.getValue();
        ObjectNode said = elements.addObject();
        said.put("path", element.getRef().toString(true));
        said.put("relevant", here);
        said.put("required", element.isRequired());
        said.put("value", value == null ? null : value.getDisplayText());
        said.put(
                "within",
                value == null || form.evaluateConstraint(element.getRef(), value));
    }

    private static void offered(FormDef definition, ObjectNode offered) {
        FormEntryModel model = new FormEntryModel(definition);
        FormEntryController controller = new FormEntryController(model);
        while (model.getEvent() != FormEntryController.EVENT_END_OF_FORM) {
            if (model.getEvent() == FormEntryController.EVENT_QUESTION) {
                FormEntryPrompt prompt = model.getQuestionPrompt();
                if (prompt.getSelectChoices() != null) {
                    ArrayNode values =
                            offered.putArray(
                                    model.getFormIndex().getReference().toString(true));
                    for (SelectChoice choice : prompt.getSelectChoices()) {
                        values.add(choice.getValue());
                    }
                }
            }
            controller.stepToNextEvent();
        }
    }
}
